"""From a GraphDef to a network that every runtime can be given: channels second, paddings explicit, shapes known."""
from .network import Network, Step  # noqa: F401
from .lower import lower  # noqa: F401
