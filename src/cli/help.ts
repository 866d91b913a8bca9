/** What `l2tpwan help` says. */
import { DEFAULT_RUN_DIR } from './arguments.ts';
import { EXIT } from './exit-code.ts';

export const HELP = `l2tpwan: an L2TPv2 client with its own PPP

  l2tpwan run -c FILE            keep the connections of FILE up
  l2tpwan run --server HOST --user NAME [--password-file FILE] ...
                                 keep one connection up, without a file
  l2tpwan status [NAME]          what is going on    --json, --watch
  l2tpwan events [NAME]          what happened       --json, --follow, --limit N
  l2tpwan negotiated NAME        what both ends agreed on                --json
  l2tpwan up NAME                dial
  l2tpwan down NAME              hang up and stay down
  l2tpwan redial NAME            hang up and dial anew
  l2tpwan reload                 read FILE again (as SIGHUP does)
  l2tpwan info                   version, runtime, connections of the daemon
  l2tpwan check FILE             is this configuration all right?
  l2tpwan mqtt test [-c FILE]    does MQTT work, or what fails?         --json
                                 without FILE: the settings of the daemon
  l2tpwan version
  l2tpwan help

  --run-dir DIR   where the daemon has its socket; several daemons need several
                  (environment: L2TPWAN_RUN_DIR; default: ${DEFAULT_RUN_DIR})

Without a file, every field of a connection is an option: --mtu 1400,
--default-route split, --route 10.0.0.0/8 (as often as needed), and so on.
--name NAME names the connection (default: wan). Secrets are never options:
  --password-file FILE, or the environment variable L2TPWAN_PASSWORD
  --tunnel-secret-file FILE, or L2TPWAN_TUNNEL_SECRET

Exit status: ${EXIT.usage} wrong command line, ${EXIT.unavailable} no daemon (or already one), ${EXIT.noPermission} no
permission, ${EXIT.configuration} wrong configuration.`;
