using System.Net.Http.Json;
using System.Text.Json;
using Keypace.Contracts;

namespace Keypace.Demo;

/// <summary>With a hub's own variable set, one real query to that hub. It costs a few tokens, so it is announced before.</summary>
internal static class RealQuery
{
    private static readonly (string Variable, string Hub)[] Known =
    [
        ("OPENAI_API_KEY", "openai"), ("TOGETHER_API_KEY", "together"), ("GROQ_API_KEY", "groq"), ("MISTRAL_API_KEY", "mistral"),
        ("FIREWORKS_API_KEY", "fireworks"), ("NVIDIA_API_KEY", "nvidia"), ("OPENROUTER_API_KEY", "openrouter"),
        ("DEEPSEEK_API_KEY", "deepseek"), ("ANTHROPIC_API_KEY", "anthropic"),
    ];

    /// <summary>Its failure is told, but is none of the demonstration's: the hub may be out of reach, or the key old.</summary>
    public static async Task SendIfAskedAsync(HttpClient keypace, CancellationToken ct)
    {
        var (variable, hub) = Known.FirstOrDefault(known => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(known.Variable)));
        if (variable is null)
            return;

        try
        {
            var hubs = await keypace.GetFromJsonAsync("/v1/hubs", KeypaceJson.Default.IReadOnlyListHub, ct);
            if (hubs?.FirstOrDefault(one => one.Name == hub) is not { Models: [var model, ..] })
            {
                Console.WriteLine($"{variable} is set, but no model of {hub} is known to ask.");
                return;
            }

            Console.WriteLine($"{variable} is set: sending one real query to {hub} ({model}), at most 16 tokens of answer.");
            await StoreAsync(keypace, hub, Environment.GetEnvironmentVariable(variable)!.Trim(), ct);
            Console.WriteLine($"{hub} says: {await AskAsync(keypace, hub, model, ct)}");
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException)
        {
            Console.WriteLine($"The real query did not work: {exception.Message}");
        }
    }

    private static async Task StoreAsync(HttpClient keypace, string hub, string secret, CancellationToken ct)
    {
        using var stored = await keypace.PostAsJsonAsync(
            "/v1/api-keys", new NewApiKey($"real {hub}", hub, secret), KeypaceJson.Default.NewApiKey, ct);
        stored.EnsureSuccessStatusCode();
    }

    private static async Task<string> AskAsync(HttpClient keypace, string hub, string model, CancellationToken ct)
    {
        var question = new Dictionary<string, object>
        {
            ["model"] = $"{hub}/{model}",
            ["messages"] = new[] { new { role = "user", content = "Say hello in three words." } },
            [hub == "openai" ? "max_completion_tokens" : "max_tokens"] = 16,
        };
        using var answer = await keypace.PostAsJsonAsync("/v1/chat/completions", question, ct);
        var text = await answer.Content.ReadAsStringAsync(ct);
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"{(int)answer.StatusCode} {text}");

        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").ToString();
    }
}
