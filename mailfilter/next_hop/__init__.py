"""The SMTP client: connections to the next hop, one transaction for each message."""
