using System.Text;
using System.Text.Json;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>Asks a protocol what a case asks, and checks what the case expects.</summary>
internal static class Questions
{
    public const long Created = 1_764_000_000;

    public static ChatSetting Setting(string hub, params (string Name, string Value)[] config) => new(
        hub, new HubAccess(), config.ToDictionary(each => each.Name, each => each.Value), "req-1", DateTimeOffset.FromUnixTimeSeconds(Created));

    public static void Check(IChatProtocol protocol, ChatSetting setting, string name, JsonElement each)
    {
        var end = protocol.Ask(Encoding.UTF8.GetBytes(each.GetProperty("ask").GetRawText()), setting);
        if (each.TryGetProperty("native", out var native))
        {
            Assert.True(end.TryGet(out var chat, out var refusal), $"{name}: refused with {refusal?.Detail}");
            ProtocolCases.AssertSame(native, chat.Body);
            if (each.TryGetProperty("path", out var path))
                Assert.Equal(path.GetString(), chat.Path);
            return;
        }

        Assert.False(end.TryGet(out _, out var refused), $"{name}: was taken");
        Assert.Equal(RefusalReason.Malformed, refused.Reason);
        Assert.Equal(each.TryGetProperty("code", out var code) ? code.GetString() : "not_translatable", refused.Code);
        Assert.Equal(each.GetProperty("refused").GetString(), refused.Fields![0].Path[^1]);
        Assert.Contains(each.GetProperty("refused").GetString()!, refused.Detail, StringComparison.Ordinal);
    }
}
