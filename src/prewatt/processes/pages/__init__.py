"""The process that serves the pages: uvicorn speaks HTTP in one thread, Django answers in a few others.

A thread is taken only for a request that is here whole, and given back before its answer is sent. So a browser that
sends or reads slowly holds a connection and nothing else. The way of a request is `connection` -> `application` ->
`buckets` -> `bodies` -> `turns` -> `bridge` -> Django.
"""
