"""Write-behind: what may be committed a moment later is merged in memory and flushed in one transaction."""
