"""The speeds that Jangteo promises, measured side by side in one run (``manage.py bench``)."""
