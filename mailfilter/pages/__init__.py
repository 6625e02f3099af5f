"""The web kit that the reviewers' and the public pages share."""
