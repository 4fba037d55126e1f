/**
 * The shells' sides of the completion: each asks `canary complete` for what may come next, a line
 * each with its description after a tab, or `:files`.
 */

const BASH = `# bash completion of canary: eval "$(canary completion bash)" in ~/.bashrc
_canary() {
  local current=\${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
    fi
    line=\${line%%$'\\t'*}
    if [[ $line == "$current"* ]]; then COMPREPLY+=("$line"); fi
  done < <(canary complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _canary canary`;

const ZSH = `#compdef canary
# zsh completion of canary: eval "$(canary completion zsh)" in ~/.zshrc, after compinit
_canary() {
  local line
  local -a lines described
  lines=("\${(@f)$(canary complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${lines[1]} == :files ]]; then
    _files
    return
  fi
  for line in $lines; do
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe canary described
}
compdef _canary canary`;

const FISH = `# fish completion of canary: canary completion fish > ~/.config/fish/completions/canary.fish
function __canary_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  canary complete -- $words[2..-1] "$current" 2>/dev/null
end
function __canary_wants_files
  test (__canary_complete)[1] = ':files' 2>/dev/null
end
complete -c canary -f -a '(__canary_complete | string match -v :files)'
complete -c canary -n __canary_wants_files -F`;

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
