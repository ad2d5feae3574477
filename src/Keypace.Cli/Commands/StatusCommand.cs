using System.CommandLine;
using System.Text.Json;
using Keypace.Cli.Output;
using Keypace.Client;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace status</c>: the server, who one is there, and which limits are nearly used up.</summary>
internal static class StatusCommand
{
    /// <summary>A limit that is used to this part, or that somebody waits for, is worth a line.</summary>
    private const double NearlyUsed = 0.8;

    public static Command Build(Grammar grammar)
    {
        var verb = new Verb("status", "Show the server, who you are, and the keys that are near their limit", "keypace status", "keypace status --json");
        grammar.Connected(verb);
        return grammar.Decides(verb, [], async (alone, _, ct) =>
        {
            var connection = await alone.FindAsync(ct);
            using var keypace = await connection.OpenAsync(alone.Terminal);
            var me = await LoginCommands.WhoAsync(keypace, ct);   // first: without a server or a valid token there is nothing to show
            var version = await keypace.Health.VersionAsync(ct);
            var isReady = await keypace.Health.IsReadyAsync(ct);
            var groups = me is null ? null : await keypace.RateGroups.ListAsync(ct);
            var near = groups?.Where(IsNear).ToArray() ?? [];
            alone.Screen.Show(json => Write(json, keypace, connection, version, isReady, me, groups?.Count, near), screen =>
            {
                screen.Facts(
                    ("server", keypace.BaseAddress.ToString()),
                    ("version", version ?? "not said"),
                    ("health", isReady ? "takes queries" : "alive, but takes no queries now"),
                    ("you", me is null ? "a token that may ask queries but not manage" : $"{me.Email}, {me.TeamRole}"),
                    ("token from", From(connection)),
                    ("limits", groups is null ? null : Said.Count(groups.Count)));
                if (groups is null or { Count: 0 })
                    return;

                screen.Line("");
                screen.Table(
                    "No key is near its limit.",
                    ["KEYS", "USED NOW#", "LIMIT", "WAITING#"],
                    near.Select(group => new[]
                    {
                        string.Join(", ", group.ApiKeys), Said.Count(group.UsedNow), Said.Limit(group.RateLimitPerInterval, group.RateLimitInterval), Said.Count(group.Waiting),
                    }));
            });
            return isReady ? Exit.Done : Exit.Failed;
        });
    }

    private static bool IsNear(RateGroup group) => group.Waiting > 0 || group.UsedNow >= NearlyUsed * group.RateLimitPerInterval;

    private static string From(Connection connection) => connection.Origin switch
    {
        TokenOrigin.File => connection.TokenFile!,
        TokenOrigin.Variable => "KEYPACE_TOKEN",
        _ => "the profile",
    };

    private static void Write(
        Utf8JsonWriter json, KeypaceClient keypace, Connection connection, string? version, bool isReady, User? me, int? limits, RateGroup[] near)
    {
        json.WriteStartObject();
        json.WriteString("base_url", keypace.BaseAddress.ToString());
        json.WriteString("version", version);
        json.WriteBoolean("ready", isReady);
        json.WriteString("email", me?.Email);
        json.WriteString("team_role", me?.TeamRole);
        json.WriteString("token_from", From(connection));
        if (limits is { } count)
            json.WriteNumber("limits", count);

        json.WriteStartArray("near_their_limit");
        foreach (var group in near)
            json.WriteRawValue(JsonSerializer.SerializeToUtf8Bytes(group, Screen.Printed.RateGroup));

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
