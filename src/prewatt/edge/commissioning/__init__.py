"""Setting up the meters of a building at the gateway: they are looked for, put to flats, compared, tested, and written into
`edge.toml`.

`finding` and `probing` say where and what is asked, `survey` keeps what was found and says what is wrong, `bench` does the
work, `writing` makes the settings. The page is `page`, with its HTML in `views` and `labels`.
"""
