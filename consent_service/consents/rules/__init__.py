"""The rules of consent. Pure: no clock, no database; everything that counts is handed in.

`acts` says what an act changes, `fit` whether it fits its notice, `standing` what holds at a moment
and what has to be asked, `lapse` what has expired, `subjects` how several visitors of one person
add up.
"""
