using System.CommandLine;
using Keypace.Client;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace login</c> and <c>keypace logout</c>: the stored profile.</summary>
internal static class LoginCommands
{
    public static Command Login(Grammar grammar)
    {
        var verb = new Verb(
            "login",
            "Check an access token and keep it, with its server, for later commands. It is asked for, read from --token-file, or from standard input",
            "keypace login",
            "keypace login --base-url https://keys.example.org",
            "keypace login --token-file ~/admin.token",
            "pass show keypace | keypace login --base-url https://keys.example.org");
        grammar.Connected(verb);
        return grammar.Decides(verb, [], async (alone, _, ct) =>
        {
            var environment = alone.Terminal.Environment;
            var named = alone.BaseUrl is { Length: > 0 } url ? url : environment("KEYPACE_BASE_URL") is { Length: > 0 } variable ? variable : null;
            var address = Connection.AddressOf(named ?? BrokenOrNone(environment)?.BaseUrl);
            if (alone.TokenFile is null)
                alone.Screen.Note($"Server: {address}");

            var token = (await alone.Secrets.ReadAsync("Access token", alone.TokenFile, "--token-file", ct)).Trim();
            using var keypace = Connection.Open(address, token);
            var me = await WhoAsync(keypace, ct);

            // Only what was seen to work is kept; until here nothing was changed.
            new Profile(keypace.BaseAddress.ToString().TrimEnd('/'), token).Write(environment);
            alone.Screen.Show(
                json =>
                {
                    json.WriteStartObject();
                    json.WriteString("base_url", keypace.BaseAddress.ToString());
                    json.WriteString("email", me?.Email);
                    json.WriteString("team_role", me?.TeamRole);
                    json.WriteString("profile", Profile.PathOf(environment));
                    json.WriteEndObject();
                },
                screen =>
                {
                    screen.Line(me is null
                        ? $"Logged in at {keypace.BaseAddress} with a token that may ask queries but not manage."
                        : $"Logged in at {keypace.BaseAddress} as {me.Email} ({me.TeamRole}).");
                    screen.Note($"The token is in {Profile.PathOf(environment)}, readable by you alone.");
                });
            return Exit.Done;
        });
    }

    public static Command Logout(Grammar grammar)
    {
        var verb = new Verb("logout", "Forget the stored server and token. The token itself stays valid until it is revoked", "keypace logout");
        grammar.Connected(verb);
        return grammar.Decides(verb, [], (alone, _, _) =>
        {
            var was = Profile.Delete(alone.Terminal.Environment);
            alone.Screen.Show(
                json =>
                {
                    json.WriteStartObject();
                    json.WriteBoolean("removed", was);
                    json.WriteEndObject();
                },
                screen => screen.Line(was
                    ? "Logged out. The token stays valid until it ends or is revoked: keypace tokens revoke NAME"
                    : "There was no stored profile."));
            return Task.FromResult(Exit.Done);
        });
    }

    /// <summary>Who the token belongs to; null when it is accepted but may not manage.</summary>
    /// <exception cref="KeypaceException">It is not accepted, or there is no such server.</exception>
    public static async Task<User?> WhoAsync(KeypaceClient keypace, CancellationToken ct)
    {
        try
        {
            var me = await keypace.People.MeAsync(ct);
            return string.IsNullOrEmpty(me.UserId)
                ? throw new CommandFailure(Exit.Failed, KeypaceException.UnreadableAnswer, $"What answers at {keypace.BaseAddress} is no Keypace server. Check the base URL.")
                : me;
        }
        catch (KeypaceException refused) when (refused.Code is "scope_missing" or "role_too_low" or "token_bound")
        {
            return null;
        }
    }

    /// <summary>A profile that cannot be read is about to be replaced; its server is then not known.</summary>
    private static Profile? BrokenOrNone(Func<string, string?> environment)
    {
        try
        {
            return Profile.Read(environment);
        }
        catch (CommandFailure)
        {
            return null;
        }
    }
}
