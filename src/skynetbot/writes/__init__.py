"""Write-behind batching: typed operations, a journal, merging, one transaction a flush."""
