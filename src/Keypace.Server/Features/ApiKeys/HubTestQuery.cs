using System.Text;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Protocols;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Management.Access;
using Keypace.Server.Snapshots;
using UsageRow = Keypace.Server.Storage.Rows.UsageRow;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>One step of a key's test.</summary>
/// <param name="key">As it was when the test began.</param>
/// <param name="model">A model that the key should be able to use; null when that does not matter.</param>
/// <param name="isStored">False for a key that exists nowhere.</param>
internal sealed class HubTestQuery(ServedKey key, HubTest step, string? model, ServedToken token, TimeSpan patience, bool isStored, TimeProvider time)
    : Query(new Tally("test", time.GetTimestamp(), time.GetUtcNow()))
{
    private const int MostAnswerBytes = 1024 * 1024;

    /// <summary>For an endpoint of any JSON, which has no cheaper call: one short question through the key's own template.</summary>
    public static readonly HubTest OneQuestion = new("POST", "", """{"model":"test","messages":[{"role":"user","content":"Say hello."}]}""", [200], [401, 403], [], false);

    /// <summary>An answer to a test is expected much sooner than one to a query.</summary>
    private static readonly TimeSpan HubPatience = TimeSpan.FromSeconds(30);

    private RequestBody? _body;

    /// <summary>Null when it was refused.</summary>
    public ApiKeyTestResult? Result { get; private set; }

    /// <summary>Why the step could not be asked; null when it was.</summary>
    public Refusal? Refusal { get; private set; }

    public override bool WantsRefusals => true;

    public override bool TellsOfHealth => false;

    public override bool IsOfStoredKey => isStored;

    public override Refusal? WhyNotBy(ServedToken token) => token.Grant.Check(isStored ? ApiKeyTesting.ToTestStored : ApiKeyTesting.ToTestUnsaved);

    public override GatewayOptions Bounds(GatewayOptions server) => server.With(HubPatience, HubPatience);

    public override ValueTask<Refusal?> ComeInAsync(KeySnapshot snapshot, CancellationToken callerLeft)
    {
        (Token, Wish) = (token, new QueueWish(QueueWish.OurOwn, patience));
        return default;
    }

    public override ValueTask<Outcome<Routed>> RouteAsync(KeySnapshot snapshot) => new(Route(snapshot));

    private Outcome<Routed> Route(KeySnapshot snapshot)
    {
        var now = key;
        if (Routed is not null && isStored && !ModelChoice.Again(snapshot, key).TryGet(out now, out var refusal))
            return refusal;
        var choice = new ModelChoice(now, null, null);
        _body?.Dispose();
        _body = step.Body is { } body ? RequestBody.Of(Encoding.UTF8.GetBytes(body)) : null;
        return ReferenceEquals(step, OneQuestion) && ChatProtocols.Between(CallerLanguages.Chat, now.Access.Protocol) is { } protocol
            ? ChatTranslation.Of(CallerLanguages.Chat, protocol, choice, null, _body!, default, "test", Tally.CameInAt)
            : new Routed(choice, new Uri(step.UrlOn(now.Destination!)), HttpMethod.Parse(step.Method), _body);
    }

    public override async ValueTask<Refusal?> ReadAsync(HubAnswer answer, HubClock clock)
    {
        Status = answer.Status;
        var whole = await answer.ReadWholeAsync(MostAnswerBytes, null, clock);
        var result = TestVerdicts.Of(key, step, model, answer, whole, time.GetUtcNow());
        if (Routed!.Native is { } native && result.Status == TestStatuses.Works && !native.Answers.TryRead(whole, out _, out var fault))
            result = result with { Status = fault!.IsHubsOwn ? TestStatuses.Unknown : TestStatuses.WrongAddress, Detail = TranslatedAnswer.Sentence(this, fault) };
        Result = result;
        return null;
    }

    public override ValueTask RefuseAsync(Refusal refusal)
    {
        if (refusal.Fault is KeyFault.SecretRefused)
            Result = new ApiKeyTestResult(TestStatuses.Refused, Detail: refusal.Detail);
        else if (refusal.Reason is RefusalReason.HubFailed or RefusalReason.HubTimedOut)
            Result = new ApiKeyTestResult(TestStatuses.Unreachable, Detail: refusal.Detail);
        else
            Refusal = refusal;
        return default;
    }

    public override UsageRow ToRecord(int status, TimeSpan latency)
    {
        var record = base.ToRecord(status, latency);
        if (!isStored)
            record.ApiKeyId = null;   // the key exists nowhere
        return record;
    }

    public override void Dispose()
    {
        base.Dispose();
        _body?.Dispose();
    }
}
