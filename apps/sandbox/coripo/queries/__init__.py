"""Conditions that clients write as SQL: checked as the server checks them, then run with parameters.

`where.condition` is the way in. A refused text is fault 40; one that MySQL would stumble over is HTTP 500.
Source: measured on SuiteCRM 7.14.6, "Finding things".
"""
