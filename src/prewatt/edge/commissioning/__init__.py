"""Setting up the meters of a building at the gateway: they are looked for, put to flats, compared, tested, and written into
`edge.toml`.

`finding`, `probing` and `trying` say where and what is asked, `survey` keeps what was found, `rules` say what is wrong and what
may be done. `scanning`, `workbench` and `switch_test` do the work, `writing` makes the settings, `server_list` asks the server;
`gateway` has it all together. The page is `page`, with its HTML in `views`, `meter_views` and `labels`.
"""

SURVEY = "setup.json"
"""The file of a gateway's folder that keeps what was found and done."""
