"""The demo: one province, two cities, made-up people, and the main job done on them for real (``manage.py demo``)."""
