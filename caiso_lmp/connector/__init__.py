"""The configured connector: a YAML file says what, ``CAISOConnector`` does it, alone or as a service."""
