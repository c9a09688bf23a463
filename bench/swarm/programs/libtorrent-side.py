"""One libtorrent client, which says `done` when it has all of the torrent, and serves it until it is killed."""

import sys

import libtorrent as lt

manner, torrent, folder, address = sys.argv[1:]
settings = lt.high_performance_seed() if manner == "tcp" else {}
settings |= {
    "listen_interfaces": f"{address}:0",
    "allow_multiple_connections_per_ip": True,  # all are on one host
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "alert_mask": lt.alert.category_t.status_notification
    | lt.alert.category_t.storage_notification
    | lt.alert.category_t.error_notification,
}
if manner == "tcp":
    settings |= {"enable_incoming_utp": False, "enable_outgoing_utp": False, "hashing_threads": 2}
session = lt.session(settings)
wanted = lt.add_torrent_params()
wanted.ti = lt.torrent_info(torrent)
wanted.save_path = folder
wanted.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)  # or it waits in a queue for half a second
handle = session.add_torrent(wanted)
while True:
    session.wait_for_alert(1000)
    for alert in session.pop_alerts():
        if isinstance(alert, lt.torrent_finished_alert):
            handle.flush_cache()  # finished is what is hashed, not yet all written
        elif isinstance(alert, lt.cache_flushed_alert):
            print("done", flush=True)
        elif isinstance(alert, (lt.torrent_error_alert, lt.file_error_alert, lt.listen_failed_alert)):
            sys.exit(str(alert))
