using System.Globalization;
using System.Text;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Protocols;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Protocols;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Pacing;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Paths;

/// <summary>A query on one of OpenAI's routes: its body's <c>model</c>, or the header <c>x-keypace-key</c>, says where it goes.</summary>
internal sealed class ModelQuery(HttpContext context, HttpQueryParts parts, GatewayRoute route, Tally tally) : HttpQuery(context, parts, tally)
{
    /// <summary>Anthropic's SDKs put it behind the address of what is still in trial.</summary>
    private const string Beta = "?beta=true";

    private static readonly Uri NoTarget = new("about:blank");

    private BodyScan _scan;

    // What the header names, and in which snapshot it was looked up: once a query where nothing changes.
    private KeySnapshot? _looked;
    private ServedKey? _named;

    private string? KeyHeader => Context.Request.Headers[ModelChoice.KeyHeader];

    protected override ValueTask<Refusal?> TakeBodyAsync(KeySnapshot snapshot, CancellationToken callerLeft)
    {
        if (!HttpMethods.IsPost(Context.Request.Method))
            return new(new Refusal(RefusalReason.WrongMethod, "method_not_allowed", $"This route takes POST with a JSON body, not {(TypedName.MayBeSaid(Context.Request.Method) ? Context.Request.Method : "this method")}."));
        if (KeyHeader is { Length: > 0 } header)
        {
            if (!ModelChoice.Named(snapshot, Token!, header).TryGet(out _named, out var refusal))
                return new(refusal);   // without the body being read
            _looked = snapshot;
        }

        return JsonBody.WhyNot(Context.Request) is { } wrong ? new(wrong) : ScanBodyAsync(callerLeft);
    }

    private async ValueTask<Refusal?> ScanBodyAsync(CancellationToken callerLeft)
    {
        if (await ReadBodyAsync(callerLeft) is { } unread)
            return unread;
        if (!BodyScan.Of(Body!.Original.Span).TryGet(out var scan, out var refusal))
            return refusal;
        _scan = scan;
        Tally.Usage = new UsageScanner();
        return null;
    }

    public override async ValueTask<Outcome<Routed>> RouteAsync(KeySnapshot snapshot)
    {
        var body = Body!;
        body.Restore();
        if (!(await ChooseInAsync(snapshot)).TryGet(out var choice, out var refusal))
            return refusal;
        var key = choice.Key;
        var protocol = route.ProtocolAt(key);
        Uri? target = null;
        if (protocol is null && !HubTarget.Of(key, choice.Agent, route, choice.Model ?? _scan.Model).TryGet(out target, out refusal))
            return refusal;
        if (target is not null && ReferenceEquals(route.Language, CallerLanguages.Messages) && Context.Request.QueryString.Value == Beta)
            target = key.Targets.Of(target.OriginalString + Beta);

        if (BodyEdits.WhyNoPlace(_scan, body.Original.Span, choice.Agent?.SystemPrompt, route.Prompt) is { } noPlace)
            return noPlace;
        BodyEdits.Apply(body, _scan, choice.Model, choice.Agent?.SystemPrompt, route.Prompt);
        choice = choice with { Model = choice.Model ?? _scan.Model };
        if (protocol is not null && ReferenceEquals(route, GatewayRoute.CountTokens))
            return new Routed(choice, NoTarget, HttpMethod.Post, null) { Estimate = TokenNeed.InputTokens(body.ToWhole().Span) };
        if (protocol is not null)
            return ChatTranslation.Of(route.Language!, protocol, choice, choice.Agent?.Destination, body, Parts.Bodies.For(Token!.Id), RequestIds.Of(Context), Tally.CameInAt);

        return new Routed(choice, target!, HttpMethod.Post, body)
        {
            MayBeMissing = route.MayBeMissingAt(key),
            ChecksAnswer = !ReferenceEquals(route, GatewayRoute.CountTokens),
            DropsUsageChunk = _scan.Stream && route.HasUsageOption && key.Hub.NeedsUsageOption && !key.UsageOption.IsRefused && BodyEdits.AskForUsage(body, _scan),
        };
    }

    public override async ValueTask AnswerHereAsync()
    {
        Context.Response.ContentType = "application/json";
        var body = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"input_tokens\":{Routed!.Estimate}}}"));
        Context.Response.ContentLength = body.Length;
        await Context.Response.Body.WriteAsync(body, Context.RequestAborted);
    }

    private ValueTask<Outcome<ModelChoice>> ChooseInAsync(KeySnapshot snapshot)
    {
        if (ReferenceEquals(snapshot, _looked))
            return new(new ModelChoice(_named!, null, null));
        var entry = new Entry(Token!.Id, Wish.Name, Token.Grant.Weight, Wish.Class, Wish.Patience);
        return ModelChoice.OfAsync(snapshot, Token, _scan.Model, KeyHeader, entry, Parts.Hubs, Parts.RateGroups, Routed?.Key);
    }
}
