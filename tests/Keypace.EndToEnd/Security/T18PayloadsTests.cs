using Keypace.EndToEnd.Browser;
using Keypace.Tests.Security;

namespace Keypace.EndToEnd.Security;

/// <summary>Names, prompts and hubs' sentences that are scripts to a careless page: shown everywhere, they run nowhere, and no policy had to stop one.</summary>
[Collection(MorePages.Name)]
public sealed class T18PayloadsTests(Chromium chromium) : OnPages(chromium)
{
    private static readonly string[] Payloads =
    [
        "<script>window.ran=1</script>", "<img src=x onerror=window.ran=1>", "\"><img src=x onerror=window.ran=1>", "'><svg onload=window.ran=1>", "<svg/onload=window.ran=1>", "<body onload=window.ran=1>", "<iframe srcdoc='<script>parent.ran=1</script>'>",
        "<details open ontoggle=window.ran=1>", "<input autofocus onfocus=window.ran=1>", "<video><source onerror=window.ran=1>", "<math><mtext></p><img src=x onerror=window.ran=1>", "<a href=javascript:window.ran=1>x</a>", "javascript:window.ran=1",
        "</script><script>window.ran=1</script>", "</title><script>window.ran=1</script>", "</textarea><script>window.ran=1</script>", "</style><script>window.ran=1</script>", "<!--><script>window.ran=1</script>-->", "<![CDATA[<script>window.ran=1</script>]]>",
        "{{constructor.constructor('window.ran=1')()}}", "${window.ran=1}", "`${window.ran=1}`", "'-(window.ran=1)-'", "\"-(window.ran=1)-\"", "\\\";window.ran=1;//", "\\u003cscript\\u003ewindow.ran=1\\u003c/script\\u003e", "&lt;script&gt;window.ran=1&lt;/script&gt;", "&#60;img src=x onerror=window.ran=1&#62;",
        "%3Cscript%3Ewindow.ran=1%3C/script%3E", "<ſcript>window.ran=1</ſcript> long s", "＜script＞window.ran=1＜/script＞ wide", "<img src='x' onerror='window.ran=1'", "<base href='http://evil.example/'>", "<meta http-equiv=refresh content='0;url=javascript:window.ran=1'>", "<link rel=stylesheet href=data:,*{}>",
        "<form action=javascript:window.ran=1><button>x", "<button onclick=window.ran=1 autofocus>x", "<object data=javascript:window.ran=1>", "<embed src=javascript:window.ran=1>", "<template><script>window.ran=1</script></template>",
    ];

    [Fact]
    public async Task No_payload_runs_in_any_field_that_is_shown()
    {
        var threat = new Threat("T18", "payloads in shown fields");
        var payloads = Enumerable.Range(0, Campaign.Or(40, 200)).Select(index => (Payloads[index % Payloads.Length] + (index < Payloads.Length ? "" : $" {index}")).PadRight(1)).ToArray();
        var said = "";
        await using var hub = await CheckingHub.StartAsync(_ => CheckingHub.Said.Json("{\"error\":{\"message\":" + System.Text.Json.JsonSerializer.Serialize(said) + "}}", 401));
        var ids = new List<string>();
        foreach (var payload in payloads)
        {
            said = payload;
            var id = await Keypace.StoreKeyAsync(hub.Address, Secrets.New(), payload, null);
            ids.Add(id);
            var agent = await Keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = payload, model_name = payload, agent_system_prompt = payload, api_key_id = id });
            threat.Check((int)agent.Status is 200 or 422, () => $"agent {payload}: {agent.Text}");
            (await Keypace.Api.PostAsync("/v1/access-tokens", new { name = payload })).MustBe(200);
            // Its caller and model stand in usage, the hub's sentence on the key's page.
            await Keypace.Api.PostAsync("/v1/chat/completions", Api.Chat(payload), ("x-keypace-key", id), ("x-keypace-caller", Uri.EscapeDataString(payload)));
        }

        await Keypace.Api.PutAsync($"/v1/teams/{(await Keypace.Api.GetAsync("/v1/teams")).MustBe(200).Json[0].GetProperty("id").GetString()}", new { name = payloads[1] });
        await using var window = await OpenAsync("/keys");
        foreach (var path in (string[])["/", "/keys", "/agents", "/tokens", "/usage", "/audit", "/playground", "/team", "/settings", .. ids.Take(Campaign.Or(6, 200)).Select(id => $"/key/{id}"), "/keys?q=" + Uri.EscapeDataString(payloads[1]), "/docs/problems/" + Uri.EscapeDataString(payloads[0])])
        {
            await window.Page.GotoAsync(path);
            if (!path.StartsWith("/docs", StringComparison.Ordinal))
                await window.LiveAsync();
            await window.Page.WaitForTimeoutAsync(300);   // an image that does not load says so a moment later
            var ran = await window.Page.EvaluateAsync<bool>("() => 'ran' in window");
            threat.Check(!ran, () => $"something ran on {path}");
        }

        var policy = window.Complaints.Where(complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal)).ToList();
        threat.Check(policy is [], () => string.Join('\n', policy));
        threat.Done();
    }
}
