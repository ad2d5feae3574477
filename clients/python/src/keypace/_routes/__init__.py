"""The management routes: each noun's calls, described and not performed. Both clients share them."""
