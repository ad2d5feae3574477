using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Keypace.Contracts;

/// <summary>The only serializer of the wire: snake_case, unknown members ignored when reading.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DictionaryKeyPolicy = JsonKnownNamingPolicy.Unspecified,
    PropertyNameCaseInsensitive = false,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(ApiKey))]
[JsonSerializable(typeof(IReadOnlyList<ApiKey>))]
[JsonSerializable(typeof(IReadOnlyList<ApiKeyLimit>))]
[JsonSerializable(typeof(NewApiKey))]
[JsonSerializable(typeof(ApiKeyChange))]
[JsonSerializable(typeof(ApiKeyTest))]
[JsonSerializable(typeof(ApiKeyTestResult))]
[JsonSerializable(typeof(ApiKeyModels))]
[JsonSerializable(typeof(ApiKeyDeleted))]
[JsonSerializable(typeof(ApiKeyStatus))]
[JsonSerializable(typeof(IReadOnlyList<RateGroup>))]
[JsonSerializable(typeof(Agent))]
[JsonSerializable(typeof(AgentList))]
[JsonSerializable(typeof(AgentMove))]
[JsonSerializable(typeof(AgentsMoved))]
[JsonSerializable(typeof(NewAgent))]
[JsonSerializable(typeof(AgentChange))]
[JsonSerializable(typeof(IReadOnlyList<Hub>))]
[JsonSerializable(typeof(HubDefault))]
[JsonSerializable(typeof(SettingsChange))]
[JsonSerializable(typeof(ChatComplete))]
[JsonSerializable(typeof(ChatCompleted))]
[JsonSerializable(typeof(Model))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(User))]
[JsonSerializable(typeof(IReadOnlyList<User>))]
[JsonSerializable(typeof(Team))]
[JsonSerializable(typeof(IReadOnlyList<Team>))]
[JsonSerializable(typeof(TeamChange))]
[JsonSerializable(typeof(SignInLink))]
[JsonSerializable(typeof(AccessToken))]
[JsonSerializable(typeof(IReadOnlyList<AccessToken>))]
[JsonSerializable(typeof(NewAccessToken))]
[JsonSerializable(typeof(AccessTokenChange))]
[JsonSerializable(typeof(QueryList))]
[JsonSerializable(typeof(UsageReport))]
[JsonSerializable(typeof(AuditList))]
[JsonSerializable(typeof(IReadOnlyList<Setting>))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(ValidationProblem))]
[JsonSerializable(typeof(HubShapedProblem))]
[JsonSerializable(typeof(Dictionary<string, string?>))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class KeypaceJson : JsonSerializerContext
{
    /// <summary>
    /// For writing answers: the same wire, with letters and quotes as people read them instead of <c>\u00fc</c> and <c>\u0027</c>. Only where the
    /// answer is announced as <c>application/json</c>; inside HTML it would not be safe.
    /// </summary>
    public static KeypaceJson Readable =>
        s_readable ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static KeypaceJson? s_readable;   // made when first asked for: Default may not be there before
}
