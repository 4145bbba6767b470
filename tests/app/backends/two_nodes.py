"""Two nodes of a Ray cluster on loopback, one core each, as long as standard input is open.

The first line of output is the address and the processes of the second node; what `break` on
standard input does is kill all of them.
"""

from __future__ import annotations

import sys

from ray.cluster_utils import Cluster

NODE = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "include_dashboard": False}
# A node is given up after about two seconds, not after half a minute.
IMPATIENT = {"health_check_period_ms": 500, "health_check_failure_threshold": 3}


def main() -> None:
    cluster = Cluster(initialize_head=True, head_node_args=NODE | {"_system_config": IMPATIENT})
    second = cluster.add_node(**NODE)
    print(cluster.address, second.all_processes["raylet"][0].process.pid, flush=True)
    for line in sys.stdin:
        if line == "break\n":
            cluster.remove_node(second, allow_graceful=False)
            print("broken", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
