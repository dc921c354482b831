# Read by ~/.bashrc. The container's variables are loaded before it at login (/opt/scripts/login); put your own here, no secrets.
export EDITOR=vim
export PATH="$HOME/.local/bin:$PATH"
