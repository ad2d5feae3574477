using System.Text;

namespace Keypace.Server.Gateway.Requests;

/// <summary>Tells a route that an endpoint does not have from a model or a response that it does not find.</summary>
internal static class MissingRoutes
{
    private static readonly string[] NotFoundThings = ["model", "previous_response", "response with id", "conversation", "deployment"];

    /// <param name="answer">Of a 404, 405 or 501, as much of it as was read.</param>
    public static bool IsMissing(ReadOnlySpan<byte> answer)
    {
        var words = Encoding.UTF8.GetString(answer);
        return !Array.Exists(NotFoundThings, thing => words.Contains(thing, StringComparison.OrdinalIgnoreCase));
    }
}
