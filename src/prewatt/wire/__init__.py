"""The conversation of edge and head-end: messages, signatures, topics, and the MQTT connection."""
