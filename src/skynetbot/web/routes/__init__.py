"""The addresses of the dashboard, one module for each kind of visitor."""
