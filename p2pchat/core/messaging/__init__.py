"""Conversations: texts are numbered, sealed, sent again until they are acknowledged, and opened."""
