"""What a client of each cloud reads to find the fake and to say who it is: variables, and files beside them.

One module a cloud; each names the variables that would lead its clients elsewhere, too.
"""
