#!/bin/sh
# The tunnel to the gateway on vps1, by clawprov, for as long as it holds. Whoever runs it starts it
# again, unless it ends with 0: then the server is not who it was, and only a person can go on.
said=$HOME/.ssh/clawprov/vps1.log
ssh -N clawdbot-remote 2>"$said"
cat "$said"
case $(cat "$said") in
  *'HOST IDENTIFICATION HAS CHANGED'* | *'Host key verification failed'*) exit 0 ;;
  *'Permission denied'*) sleep 300 ;;  # who knocks more often is banned
esac
exit 1
