"""Record: what must outlive a process. Tables, encryption, audit chain, retention."""
