"""One use case per file; here the parts are put together."""
