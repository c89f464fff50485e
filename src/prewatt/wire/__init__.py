"""What edge and head-end say to each other: messages, signatures, topics, and the MQTT connection they travel on."""
