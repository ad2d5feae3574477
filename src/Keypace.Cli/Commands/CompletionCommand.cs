using System.CommandLine;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace completion</c>: a script for a shell that asks this program what could come next.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # Completion of keypace for bash. In ~/.bashrc: source <(keypace completion bash)
        _keypace() {
          local line found
          COMPREPLY=()
          while IFS= read -r found; do
            COMPREPLY+=("$(printf '%q' "$found")")
          done < <("${COMP_WORDS[0]}" '[suggest]' "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
        }
        complete -o default -F _keypace keypace
        """;

    private const string Zsh = """
        #compdef keypace
        # Completion of keypace for zsh. In ~/.zshrc, after compinit: source <(keypace completion zsh)
        _keypace() {
          local -a found
          found=("${(@f)$("${words[1]}" '[suggest]' "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
          found=("${(@)found:#}")
          if (( ${#found} )); then compadd -- "${found[@]}"; else _files; fi
        }
        if [[ "${funcstack[1]}" == _keypace ]]; then _keypace; else compdef _keypace keypace; fi
        """;

    private const string Fish = """
        # Completion of keypace for fish. Save as ~/.config/fish/completions/keypace.fish
        function __keypace_suggest
          set -l found (keypace '[suggest]' (commandline -cp | string collect) 2>/dev/null)
          if test (count $found) -gt 0
            printf '%s\n' $found
          else
            __fish_complete_path (commandline -ct)
          end
        end
        complete -c keypace -f -a '(__keypace_suggest)'
        """;

    public static Command Build(Terminal terminal)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish", HelpName = "SHELL" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var verb = new Verb(
            "completion",
            "Print a script that completes commands, options and names in a shell",
            "source <(keypace completion bash)",
            "keypace completion fish > ~/.config/fish/completions/keypace.fish") { shell };
        verb.SetAction(parsed =>
        {
            terminal.Out.WriteLine(parsed.GetRequiredValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => Fish,
            });
            return Exit.Done;
        });
        return verb;
    }
}
