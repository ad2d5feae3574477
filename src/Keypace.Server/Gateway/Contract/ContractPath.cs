using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Paths;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Pacing;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Contract;

/// <summary>
/// <c>POST /v1/chat_complete</c>, the contract's own query: translated to OpenAI's chat and sent once a generation, each under a
/// permit of its own. Hub failures are tried again up to <c>max_retries</c> times, each time from the front of the line.
/// </summary>
internal sealed class ContractPath(HubCall call, Callers callers, WaitingBodies bodies, GatewayOptions options, PacingOptions pacing, TimeProvider time)
{
    public async Task RunAsync(HttpContext context)
    {
        if (await AnswerAsync(context) is { } refusal)
            await Problems.WriteAsync(context, refusal);
    }

    private async Task<Refusal?> AnswerAsync(HttpContext context)
    {
        if (!callers.Authenticate(context.Request).TryGet(out var token, out var refusal))
            return refusal;
        if (!token.Grant.MayQuery(time.GetUtcNow()))
            return HttpQuery.NoQueryScope;
        if (!QueueWish.Of(context.Request.Headers, token, pacing.MaxWait, time.GetUtcNow()).TryGet(out var wish, out refusal))
            return refusal;
        if (JsonBody.WhyNot(context.Request) is { } wrong)
            return wrong;
        if (!(await RequestBody.ReadAsync(context.Request, options.MaxBodyBytes, bodies.For(token.Id), time, context.RequestAborted)).TryGet(out var body, out refusal))
            return refusal;
        using (body)
        {
            if (!ChatCompleteParsing.Parse(body.Original).TryGet(out var asked, out refusal))
                return refusal;

            var generations = new Generation[asked.Generations];
            for (var number = 0; number < generations.Length; number++)
                generations[number] = new Generation(asked, token, wish, options, bodies, $"{RequestIds.Of(context)}-{number}", new Tally("chat_complete", time.GetTimestamp(), time.GetUtcNow()));
            await Task.WhenAll(generations.Select(generation => call.RunAsync(generation, context.RequestAborted)));
            context.RequestAborted.ThrowIfCancellationRequested();
            return await WriteAsync(context, asked, generations);
        }
    }

    private static async Task<Refusal?> WriteAsync(HttpContext context, ContractQuery asked, Generation[] generations)
    {
        if (Array.Find(generations, generation => generation.Refusal is not null) is { Refusal: { } refusal })
            return refusal;
        var response = context.Response;
        response.ContentType = "application/json";
        if (Array.Find(generations, generation => generation.Status is < 200 or > 299) is { } failed)
        {
            response.StatusCode = failed.Status;      // the hub's own words with the hub's own status
            if (failed.IsFinal)
                response.Headers["x-should-retry"] = "false";
            await response.Body.WriteAsync(failed.Answer, context.RequestAborted);
            return null;
        }

        var texts = new List<string>();
        var (prompt, completion, total) = (0L, 0L, 0L);
        foreach (var generation in generations)
        {
            if (!ChatBody.TryRead(generation.Answer, out var text, out var tokens))
                return new Refusal(RefusalReason.HubFailed, "hub_answer_unreadable", "The hub's answer is not an OpenAI-style chat completion. Check the key's address and the model.");
            texts.Add(text);
            (prompt, completion, total) = (prompt + tokens.PromptTokens, completion + tokens.CompletionTokens, total + tokens.TotalTokens);
        }

        await JsonSerializer.SerializeAsync(response.Body,
            new ChatCompleted(asked.Prompt, texts, new TokenCount(completion, prompt, total)), KeypaceJson.Default.ChatCompleted, context.RequestAborted);
        return null;
    }
}
