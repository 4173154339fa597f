"""The peers' servers, as small as their own documentation shows them."""
