using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>A stored secret is nowhere to be found, whatever is done.</summary>
public sealed class SecretsTests
{
    [Fact]
    public async Task The_secret_is_in_no_file_no_log_and_no_answer_in_any_form()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.Odd });
        await using var keypace = await RunningKeypace.StartAsync(("KEYPACE_LOG__LEVEL", "Trace"));
        var texts = new List<string>();
        var id = await keypace.StoreKeyAsync(hub, "hidden");
        async Task TellAsync(Task<Answer> asked)
        {
            var answer = await asked;
            texts.Add(answer.Text + string.Join('\n', answer.Headers.Select(header => $"{header.Key}: {header.Value}")));
        }

        await TellAsync(keypace.Api.ChatAsync("hidden"));
        foreach (var fault in new[] { HubFault.Unauthorized, HubFault.CloseBeforeAnswer, HubFault.ServerError, HubFault.Html })
        {
            hub.Behave(hub.Options with { Fault = fault });
            await TellAsync(keypace.Api.ChatAsync("hidden"));
            await TellAsync(keypace.Api.PostAsync("/keys/hidden/v1/chat/completions", Api.Chat("m", stream: true)));
            await TellAsync(keypace.Api.PostAsync("/v1/api-keys/test", new { hub = "custom", value = Secrets.Odd, url = $"{hub.Address}/v1" }));
            await TellAsync(keypace.Api.GetAsync($"/v1/api-keys/{id}/models"));
        }

        await TellAsync(keypace.Api.PutAsync($"/v1/api-keys/{id}", new { value = Secrets.Odd }));
        await TellAsync(keypace.Api.PutAsync($"/v1/api-keys/{id}", new { value = Secrets.Odd, rate_limit_interval = 0 }));
        await TellAsync(keypace.Api.PutAsync($"/v1/api-keys/{id}", new { value = new[] { Secrets.Odd } }));
        await TellAsync(keypace.Api.PostAsync("/v1/api-keys", new { name = "hidden", hub = "custom", value = Secrets.Odd, url = $"{hub.Address}/v1" }));
        await TellAsync(keypace.Api.PostAsync("/v1/api-keys", new { name = "broken", hub = "custom", value = Secrets.Odd + "\n", url = $"{hub.Address}/v1" }));
        await TellAsync(keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = "a", model_name = "m", hub = "openai", api_key = Secrets.Odd }));
        await TellAsync(keypace.Api.PostAsync("/v1/chat_complete", new { prompt = "x", completion_params = new { api_key = Secrets.Odd, model = "m" } }));
        foreach (var path in new[] { "/v1/api-keys", $"/v1/api-keys/{id}", $"/v1/api-keys/{id}/status", $"/v1/api-keys/{id}/queries", "/v1/audit", "/v1/usage", "/v1/settings", "/v1/rate-groups", "/v1/access-tokens", "/v1/agent-configurations", "/openapi/v1.json", "/metrics", "/" })
            await TellAsync(keypace.Api.GetAsync(path));

        var token = keypace.Folder.Token;
        await keypace.Process.KillAsync();
        Search(keypace, token);
        await keypace.ServeAsync();
        Assert.Equal(0, await keypace.Process.StopAsync());
        Search(keypace, token);
        Assert.All(texts, text => Secrets.MustBeAbsent(text, Secrets.Odd, $"an answer: {text}"));
        Assert.All(texts, text => Secrets.MustBeAbsent(text, token, $"an answer: {text}"));
    }

    [Fact]
    public void The_search_finds_what_it_looks_for()
    {
        foreach (var text in new[]
        {
            $"x{Secrets.Odd}x",
            $"x{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(Secrets.Odd))}x",
            $"x{Uri.EscapeDataString(Secrets.Odd)}x",
            Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{Secrets.Odd}x")),
            Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"a:{Secrets.Odd}")),
            Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{{\"k\":\"{Secrets.Odd}\"}}")),
        })
        {
            Assert.NotEmpty(Secrets.FormsIn(System.Text.Encoding.UTF8.GetBytes(text), Secrets.Odd));
        }
    }

    private static void Search(RunningKeypace keypace, string token)
    {
        Secrets.MustBeAbsentFromFiles(keypace.Folder.Data, Secrets.Odd);
        Secrets.MustBeAbsentFromFiles(keypace.Folder.Data, token);
        Secrets.MustBeAbsent(keypace.Output, Secrets.Odd, "the log");
        Secrets.MustBeAbsent(keypace.Output, token, "the log");
    }
}
