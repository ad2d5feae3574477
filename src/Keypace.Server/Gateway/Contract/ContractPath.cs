using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Protocols;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Pacing;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Contract;

/// <summary>
/// <c>POST /v1/chat_complete</c>, the contract's own query: translated to OpenAI's chat and sent once a generation, each under a
/// permit of its own. Hub failures are tried again up to <c>max_retries</c> times, each time from the front of the line.
/// </summary>
internal sealed class ContractPath(
    Callers callers,
    KeySnapshots snapshots,
    HubExchange exchange,
    Settlement settlement,
    KeyHealth health,
    GatewayOptions options,
    PacingOptions pacing,
    TimeProvider time)
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
            return GatewayPath.NoQueryScope;
        if (!QueueWish.Of(context.Request.Headers, token, pacing.MaxWait, time.GetUtcNow()).TryGet(out var wish, out refusal))
            return refusal;
        if (!(await RequestBody.ReadAsync(context.Request, options.MaxBodyBytes, context.RequestAborted)).TryGet(out var body, out refusal))
            return refusal;
        using (body)
        {
            if (!ChatCompleteParsing.Parse(body.Original).TryGet(out var asked, out refusal))
                return refusal;
            if (!KeyFor(asked, token).TryGet(out var choice, out refusal))
                return refusal;
            if (!TargetFor(asked, choice.Key).TryGet(out var target, out refusal))
                return refusal;

            var generations = await Task.WhenAll(Enumerable.Range(0, asked.Generations)
                .Select(number => GenerateAsync(context, token, wish, choice, target, asked, number)));
            return await WriteAsync(context, asked, generations);
        }
    }

    private Outcome<ModelChoice> KeyFor(ContractQuery asked, ServedToken token)
    {
        var found = snapshots.Current.FindKey(token.TeamId, asked.ApiKey);
        if (!ModelChoice.OfKey(found, token, asked.ApiKey).TryGet(out var key, out var refusal))
            return refusal;
        return asked.Hub is { } hub && hub != key.Hub.Name
            ? Refusal.Field("hub", $"The API key '{key.Name}' is one of {key.Hub.Name}, not of '{hub}'.", code: "hub_mismatch")
            : new ModelChoice(key, null, asked.Model);
    }

    private static Outcome<Uri> TargetFor(ContractQuery asked, ServedKey key)
    {
        if (asked.Url is not { } url)
            return HubTarget.Of(key, null, GatewayRoute.ChatCompletions, asked.Model);
        if (key.Destination is not { } destination || !Destination.Parse(url).TryGet(out var given, out _) || !destination.Covers(given))
            return Refusal.Field("url", $"The url must lie under {key.Destination}, which the key's secret is bound to.", code: "destination_mismatch");
        return HubTarget.Of(key with { Destination = given }, null, GatewayRoute.ChatCompletions, asked.Model);
    }

    private async Task<Generation> GenerateAsync(
        HttpContext context, ServedToken token, QueueWish wish, ModelChoice choice, Uri target, ContractQuery asked, int number)
    {
        var query = new Query("chat_complete", time.GetTimestamp(), time.GetUtcNow())
        {
            Token = token,
            Wish = wish,
            Choice = choice,
            Target = target,
            Body = RequestBody.Of(ChatBody.Of(asked, choice.Key.Hub, choice.Key.Access)),
            Usage = new Domain.Hubs.UsageScanner(),
        };
        if (choice.Key.Access.Protocol is not HubProtocol.OpenAi
            && ChatTranslation.Apply(query, TargetDestination(asked), $"{RequestIds.Of(context)}-{number}", time.GetUtcNow()) is { } untranslatable)
        {
            query.Dispose();
            return new Generation(untranslatable, 0, []);
        }

        var timeouts = options.With(firstByte: asked.Timeout, idle: asked.Timeout);
        var status = StatusCodes.Status500InternalServerError;
        try
        {
            using var clock = new HubClock(timeouts, time, context.RequestAborted);
            for (var retries = 0; ; retries++)
            {
                var end = await exchange.RunAsync(query, clock);
                if (!end.TryGet(out var answer, out var refusal))
                {
                    if (refusal.Reason is RefusalReason.HubFailed && refusal.Code is "hub_broke_off" && retries < asked.MaxRetries)
                        continue;
                    status = Problems.StatusOf(refusal.Reason);
                    (query.ErrorCode, query.Trouble) = (refusal.Code, KeyHealth.Sentence(refusal));
                    return new Generation(refusal, 0, []);
                }

                using (answer)
                {
                    if (answer.Status >= 500 && retries < asked.MaxRetries)
                        continue;
                    status = answer.Status;
                    if (query.Native is not null)
                        return await TranslatedAsync(context, answer, query, clock);
                    return new Generation(null, answer.Status, await answer.ReadWholeAsync(options.MaxBodyBytes, query, clock));
                }
            }
        }
        finally
        {
            health.Settle(choice.Key.Id, query.Trouble, status);
            settlement.Add(query.ToRecord(context.RequestAborted.IsCancellationRequested ? 499 : status, time.GetElapsedTime(query.StartedAt)));
            query.Dispose();
        }
    }

    private async Task<Generation> TranslatedAsync(HttpContext context, HubAnswer answer, Query query, HubClock clock)
    {
        var fault = await TranslatedAnswer.ReadRefusalAsync(answer, query.Native!, clock);
        if (fault is null && query.Native!.Answers.TryRead(await answer.ReadWholeAsync(options.MaxBodyBytes, query, clock), out var completion, out fault))
            return new Generation(null, answer.Status, completion!);
        if (fault!.IsHubsOwn)
            return new Generation(null, fault.Status, TranslatedAnswer.ToBytes(query, fault, RequestIds.Of(context)));
        query.ErrorCode = fault.Code;
        return new Generation(new Refusal(RefusalReason.HubFailed, fault.Code, TranslatedAnswer.Sentence(query, fault)), 0, []);
    }

    private static Destination? TargetDestination(ContractQuery asked) =>
        asked.Url is { } url && Destination.Parse(url).TryGet(out var given, out _) ? given : null;

    private static async Task<Refusal?> WriteAsync(HttpContext context, ContractQuery asked, Generation[] generations)
    {
        if (Array.Find(generations, generation => generation.Refusal is not null) is { Refusal: { } refusal })
            return refusal;
        var response = context.Response;
        response.ContentType = "application/json";
        if (Array.Find(generations, generation => generation.Status is < 200 or > 299) is { } failed)
        {
            response.StatusCode = failed.Status;      // the hub's own words with the hub's own status
            await response.Body.WriteAsync(failed.Body, context.RequestAborted);
            return null;
        }

        var texts = new List<string>();
        var (prompt, completion, total) = (0L, 0L, 0L);
        foreach (var generation in generations)
        {
            if (!ChatBody.TryRead(generation.Body, out var text, out var tokens))
                return new Refusal(RefusalReason.HubFailed, "hub_answer_unreadable", "The hub's answer is not an OpenAI-style chat completion. Check the key's address and the model.");
            texts.Add(text);
            (prompt, completion, total) = (prompt + tokens.PromptTokens, completion + tokens.CompletionTokens, total + tokens.TotalTokens);
        }

        await JsonSerializer.SerializeAsync(response.Body,
            new ChatCompleted(asked.Prompt, texts, new TokenCount(completion, prompt, total)), KeypaceJson.Default.ChatCompleted, context.RequestAborted);
        return null;
    }

    private sealed record Generation(Refusal? Refusal, int Status, byte[] Body);
}
