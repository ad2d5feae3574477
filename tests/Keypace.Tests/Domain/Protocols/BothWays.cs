using System.Text;
using System.Text.Json;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>What the cases of translation between callers' and hubs' languages share.</summary>
internal static class BothWays
{
    public static HubProtocol Hub(JsonElement each) => Enum.Parse<HubProtocol>(each.TryGetProperty("hub", out var hub) ? hub.GetString()! : "openai", ignoreCase: true);

    public static CallerLanguage Language(JsonElement each) => each.GetProperty("language").GetString() == "messages" ? CallerLanguages.Messages : CallerLanguages.Responses;

    public static ChatSetting Setting(CallerLanguage language, JsonElement each) => Questions.Setting("The hub") with
    {
        Language = language,
        AsksForUsage = true,
        Drops = !each.TryGetProperty("drops", out var drops) ? DropList.None
            : drops[0].GetString() == "*" ? DropList.All : DropList.Of(drops.EnumerateArray().Select(name => name.GetString()!)),
    };

    /// <summary>The reader of answers to a plain query that wants to see thoughts.</summary>
    public static NativeAnswers Answers(JsonElement each, bool stream)
    {
        var language = Language(each);
        var ask = language == CallerLanguages.Messages
            ? """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"A"}],"thinking":{"type":"adaptive"},"stream":"""
            : """{"model":"m","input":"A","reasoning":{"summary":"auto"},"stream":""";
        var end = ChatProtocols.Of(Hub(each)).Ask(Encoding.UTF8.GetBytes(ask + (stream ? "true}" : "false}")), Setting(language, each));
        Assert.True(end.TryGet(out var chat, out var refusal), refusal?.Detail);
        return chat.Answers;
    }

    public static byte[] Chunks(JsonElement each) => Encoding.UTF8.GetBytes(string.Concat(each.GetProperty("events").EnumerateArray()
        .Select(one => $"data: {(one.ValueKind is JsonValueKind.String ? one.GetString() : one.GetRawText())}\n\n")));
}
