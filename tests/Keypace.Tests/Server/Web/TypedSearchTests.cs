using Keypace.Server.Web.Forms;

namespace Keypace.Tests.Server.Web;

public sealed class TypedSearchTests
{
    private readonly TypedSearch _search = new();

    [Fact]
    public void An_echo_of_what_was_typed_some_letters_ago_changes_nothing()
    {
        Type("b", "be", "bet");
        foreach (var echo in (string[])["b", "b", "be", "bet"])
        {
            _search.Arrive(echo);
            Assert.Equal("bet", _search.Text);
        }
    }

    [Fact]
    public void Letters_that_were_taken_back_do_not_return_with_their_echo()
    {
        Type("b", "be", "b", "");
        foreach (var echo in (string[])["b", "be", "b", ""])
            _search.Arrive(echo);
        Assert.Equal("", _search.Text);
    }

    [Fact]
    public void A_place_that_somebody_went_to_is_taken_over()
    {
        _search.Arrive("from a link");
        Assert.Equal("from a link", _search.Text);
        Type("x");
        _search.Arrive("x");
        _search.Arrive("from a link");   // back
        Assert.Equal("from a link", _search.Text);
        _search.Arrive(null);
        Assert.Equal("", _search.Text);
    }

    [Fact]
    public void The_browser_that_never_answers_costs_no_memory()
    {
        for (var letter = 0; letter < 1000; letter++)
            Type(new string('x', letter));
        _search.Arrive(new string('x', 10));
        Assert.Equal(10, _search.Text.Length);   // so long ago that it counts as a place somebody went to
    }

    private void Type(params string[] texts)
    {
        foreach (var text in texts)
            _search.Type(text);
    }
}
