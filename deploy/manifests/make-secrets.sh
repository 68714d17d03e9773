#!/bin/sh
# Fills the Secrets of secrets.yaml with random values, once: a key that has a value keeps it. Needs kubectl and openssl.
set -eu
namespace=${NAMESPACE:-aishell}

random() { openssl rand -hex 32; }

fill() { # fill SECRET KEY VALUE
  held=$(kubectl get secret "$1" -n "$namespace" -o "jsonpath={.data.$2}")
  [ -n "$held" ] && { echo "$1 $2: kept"; return; }
  # Over standard input: a value in an argument could be read by every user of this machine.
  printf '{"stringData":{"%s":"%s"}}' "$2" "$3" | kubectl patch secret "$1" -n "$namespace" --patch-file /dev/stdin >/dev/null
  echo "$1 $2: made"
}

fill aishell-secrets SECRET_KEY "$(random)"
fill aishell-secrets JWT_SECRET "$(random)"
fill aishell-secrets ADMIN_TOKEN "ais_$(random)"
fill postgresql-owner DB_PASSWORD "$(random)"
fill postgresql-admin POSTGRES_PASSWORD "$(random)"
fill postgresql-admin BACKUP_PASSWORD "$(random)"
fill redis REDIS_PASSWORD "$(random)"
