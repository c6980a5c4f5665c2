"""What goes in and comes out: plain records of requests and results, and long lists of them."""
