"""Simulated execution: orders rest in a book, meet base bars, become fills, and move an account.

    placing -> inbox -> (end of the moment) book -> matching -> fills -> account.settle -> outbox

Everything here is compiled and works on one lane's memory, given as an address: see ``memory``.
"""
