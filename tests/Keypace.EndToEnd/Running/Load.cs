namespace Keypace.EndToEnd;

/// <summary>Many queries at once, each caller over connections of its own.</summary>
internal static class Load
{
    public static IEnumerable<Task<Answer[]>> Callers(RunningKeypace keypace, string apiKey, string[] names, int queries, int connections) =>
        names.Select(name => CallerAsync(keypace.Address, keypace.Folder.Token, apiKey, name, queries, connections));

    public static void AllMustBeOk(IEnumerable<Answer> answers)
    {
        foreach (var answer in answers)
            answer.MustBe(200);
    }

    private static async Task<Answer[]> CallerAsync(Uri address, string token, string apiKey, string name, int queries, int connections)
    {
        using var api = new Api(address, token, connections);
        var answers = new Answer[queries];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            for (var index = Interlocked.Increment(ref next); index < queries; index = Interlocked.Increment(ref next))
                answers[index] = await api.ChatAsync(apiKey, name);
        }));
        return answers;
    }
}
