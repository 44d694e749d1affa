#!/usr/bin/env bash
# Bring up a one-node Slurm on this machine as root, from Debian's packages. Safe to call twice.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

if ! command -v slurmctld >/dev/null; then
    timeout 300 apt-get update -qq
    timeout 600 apt-get install -y -qq munge slurmctld slurmd slurm-client >/dev/null
fi
if pgrep -x slurmctld >/dev/null && pgrep -x slurmd >/dev/null && timeout 10 sinfo -h -o %t 2>/dev/null | grep -qE 'idle|mix|alloc'; then
    exit 0
fi

# A requeued job waits until its credential has expired; memory is watched by polling, as containers lend no cgroups.
cores=$(nproc)
memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.8)}' /proc/meminfo)
install -d -o munge -g munge -m 755 /run/munge
install -d /etc/slurm /var/spool/slurmctld /var/spool/slurmd /var/log/slurm
cat >/etc/slurm/slurm.conf <<CONF
ClusterName=ci
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=cred_expire=15
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
KillWait=5
AccountingStorageType=accounting_storage/none
ReturnToService=2
GresTypes=gpu
NodeName=localhost CPUs=$cores RealMemory=$memory Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=localhost MaxTime=INFINITE State=UP
CONF
echo 'NodeName=localhost Name=gpu File=/dev/zero' >/etc/slurm/gres.conf

pgrep -x munged >/dev/null || runuser -u munge -- /usr/sbin/munged
pgrep -x slurmctld >/dev/null || slurmctld
pgrep -x slurmd >/dev/null || slurmd -N localhost
for _ in $(seq 30); do
    timeout 10 scontrol update nodename=localhost state=resume 2>/dev/null || true
    if pgrep -x slurmctld >/dev/null && pgrep -x slurmd >/dev/null && timeout 10 sinfo -h -o %t | grep -q idle; then
        timeout 20 srun --gres=gpu:1 true
        exit 0
    fi
    sleep 1
done
echo "slurm did not come up: $(timeout 10 sinfo -R 2>&1)" >&2
exit 1
