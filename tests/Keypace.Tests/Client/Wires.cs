namespace Keypace.Tests.Client;

/// <summary>Answers as the wire has them.</summary>
internal static class Wires
{
    public const string Token = "kpa_test-not-a-real-token";
    public const string Secret = "sk-test-not-a-real-key-0001";

    public const string KeyId = "0199aa10-0000-7000-8000-000000000001";

    public const string Key =
        """
        {"id":"0199aa10-0000-7000-8000-000000000001","name":"openai-main","hub":"openai","rate_limit_per_interval":600,"rate_limit_interval":60,
         "display_value":"****0001","hub_config":null,"user_id":"u1","team_id":"t1","status":"active","version":3,"created_at":1790000000,"something_new":{"a":1}}
        """;

    public const string AgentOne =
        """
        {"id":"a1","agent_name":"bot","model_name":"gpt-4o-mini","agent_url":null,"hub":"openai","api_key_id":"0199aa10-0000-7000-8000-000000000001",
         "agent_system_prompt":null,"hub_config":null,"status":"active","created_at":1790000000,"created_by":"u1","team_id":"t1"}
        """;

    public const string Hubs =
        """
        [{"id":"openai","name":"openai","display_name":"OpenAI","models":["gpt-4o"],"rate_limit_per_interval":500,"rate_limit_interval":60,
          "rate_limit_tier":"Tier 1","rate_limit_as_of":"2026-05","rate_limit_source":"https://example.org","served":true,"fields":[]},
         {"id":"custom","name":"custom","display_name":"Custom","models":[],"rate_limit_per_interval":60,"rate_limit_interval":60,"served":true,"url_required":true},
         {"id":"bedrock","name":"bedrock","display_name":"Bedrock","models":[],"rate_limit_per_interval":60,"rate_limit_interval":60,"fields":[
           {"name":"region","label":"Region","required":true,"secret":false},
           {"name":"access_key","label":"Access key","required":true,"secret":true},
           {"name":"secret_access_key","label":"Secret access key","required":true,"secret":true}]}]
        """;

    public const string AccessToken =
        """
        {"id":"7Qm3xT9bLw2K","name":"notebook","role":"member","scopes":["query"],"api_keys":null,"agents":null,"weight":1,
         "created_at":1790000000,"expires_at":1797000000,"last_used_at":null,"status":"active"}
        """;

    public static string Keys(params string[] keys) => $"[{string.Join(',', keys)}]";

    public static string AgentPage(int total, int offset, params string[] agents) =>
        $$"""{"results":[{{string.Join(',', agents)}}],"total":{{total}},"limit":200,"offset":{{offset}}}""";
}
