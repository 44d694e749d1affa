#!/usr/bin/env bash
# Give the one-node Slurm of slurm_node.sh accounts in a database (on), or none, as it had (off). As root; safe to repeat.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
conf=/etc/slurm/slurm.conf

store_accounts_by() { sed -i "s,^AccountingStorageType=.*,AccountingStorageType=accounting_storage/$1," "$conf"; }

restart_controller() {
    pkill -x slurmctld || true
    for _ in $(seq 60); do pgrep -x slurmctld >/dev/null || break; sleep 0.5; done
    slurmctld
    for _ in $(seq 60); do
        timeout 10 sinfo -h -o %t 2>/dev/null | grep -qE 'idle|mix|alloc' && return
        timeout 10 scontrol update nodename=localhost state=resume 2>/dev/null || true
        sleep 1
    done
    echo "the controller did not come back" >&2
    exit 1
}

wait_for() { for _ in $(seq 60); do "$@" >/dev/null 2>&1 && return; sleep 1; done; echo "in vain: $*" >&2; exit 1; }

if [[ $1 == off ]]; then
    store_accounts_by none
    restart_controller
    pkill -x slurmdbd || true
    exit 0
fi

if ! command -v slurmdbd >/dev/null; then
    timeout 300 apt-get update -qq
    timeout 900 apt-get install -y -qq --no-install-recommends mariadb-server slurmdbd >/dev/null
fi
install -d -o mysql -g mysql /run/mysqld
pgrep -x mariadbd >/dev/null || (setsid mariadbd --user=mysql >/var/log/slurm/mariadb.log 2>&1 </dev/null &)
wait_for mariadb -e 'SELECT 1'
mariadb -e "CREATE DATABASE IF NOT EXISTS slurm_accounts;
    CREATE USER IF NOT EXISTS 'slurm'@'localhost' IDENTIFIED BY 'slurm';
    GRANT ALL ON slurm_accounts.* TO 'slurm'@'localhost'"
install -m 600 /dev/stdin /etc/slurm/slurmdbd.conf <<'CONF'
AuthType=auth/munge
DbdHost=localhost
SlurmUser=root
LogFile=/var/log/slurm/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_accounts
CONF
store_accounts_by slurmdbd
pgrep -x slurmdbd >/dev/null || slurmdbd
wait_for sacctmgr -n show cluster
sacctmgr -i add cluster ci >/dev/null 2>&1 || true # it may be there
restart_controller
wait_for sacct -n
