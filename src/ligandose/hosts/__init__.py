"""Who receives it: reference people, diseases with their lesions, virtual populations."""

from ligandose.hosts.host import Host, SitePlace, diseases, host, hosts
from ligandose.hosts.population import draw_values

__all__ = ["Host", "SitePlace", "diseases", "draw_values", "host", "hosts"]
