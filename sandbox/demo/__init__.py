"""The demo's director: posts leads through the real form door, watches over the public API, and judges how each one ended.

It knows the product only by URL. The processes are started by `firstring demo`.
"""
