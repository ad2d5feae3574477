using Keypace.Server.Platform;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Web;

/// <summary><c>/</c> until there is an interface: what this is, how it is, and how an SDK is pointed here. It knows no secret.</summary>
internal static class FrontPage
{
    public static Task WriteAsync(HttpContext context, Readiness readiness, string? publicUrl)
    {
        var trouble = readiness.WhatIsMissing();
        var address = Page.Text(Page.AddressOf(context, publicUrl));
        return Page.WriteAsync(context, StatusCodes.Status200OK, "Keypace", $"""
            <p>Keypace keeps a team's model-hub API keys and paces every query sent through them: never more than N requests in any T seconds.</p>
            {(trouble is null ? "<p>It is healthy and takes queries.</p>" : $"<p class=\"trouble\">It does not take queries: {Page.Text(trouble)}.</p>")}
            <p>Point an OpenAI SDK here, with an access token of Keypace instead of a hub's API key:</p>
            <pre>from openai import OpenAI

            client = OpenAI(base_url="{address}/v1", api_key="kpa_…")
            answer = client.chat.completions.create(
                model="openai/gpt-4.1-mini",
                messages=[{"{"}"role": "user", "content": "Hello"{"}"}])
            print(answer.choices[0].message.content)</pre>
            <p>The routes: <a href="/openapi/v1.json">/openapi/v1.json</a>. On the command line: <code>keypace --help</code>.</p>
            """);
    }
}
