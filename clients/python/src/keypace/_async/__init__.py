"""The asynchronous half. tools/make_async.py writes every file here from the synchronous file of the same name."""
