"""The lab page's own style sheet: contrast of 4.5 to 1 and more, one column on a telephone."""

STYLE = """
.lab-keys { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 12px; margin: 8px 0; }
.lab-key { border-left: 4px solid #12436D; padding: 4px 0 4px 12px; }
.lab-key dt { font-size: 0.85rem; color: #3D3D3D; }
.lab-key dd { margin: 0; }
.lab-key strong { display: block; font-size: 1.35rem; line-height: 1.3; color: #0b0c0c; }
.lab-key span { display: block; font-size: 0.85rem; color: #3D3D3D; }
.lab-banner { border: 2px solid #12436D; border-left-width: 8px; background: #fff; color: #0b0c0c; padding: 8px 12px;
  margin: 8px 0; }
.lab-banner.lab-strong { border-color: #801650; }
.lab-banner ul { margin: 4px 0 0 0; padding-left: 1.2rem; list-style: disc; }
.lab-progress { font-size: 0.9rem; color: #3D3D3D; margin: 4px 0; }
.lab-ranges { font-size: 0.9rem; color: #3D3D3D; margin: 0 0 8px 0; padding-left: 1.2rem; list-style: disc; }
.lab-charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 20px; }
.lab-charts figure { margin: 0; min-width: 0; }
.lab-charts figcaption { font-weight: 600; font-size: 0.95rem; color: #0b0c0c; margin-bottom: 4px; }
.lab-scroll { overflow-x: auto; max-width: 100%; }
.lab-table, .lab-scroll table { border-collapse: collapse; font-size: 0.85rem; color: #0b0c0c; }
.lab-table caption { text-align: left; font-weight: 600; padding: 4px 0; }
.lab-table th, .lab-table td, .lab-scroll th, .lab-scroll td {
  padding: 3px 10px 3px 0; border-bottom: 1px solid #b1b4b6; text-align: right; vertical-align: top;
  white-space: nowrap; }
.lab-table th[scope=row], .lab-table th:first-child, .lab-scroll td { text-align: left; }
.lab-table td { text-align: right; }
.lab-scroll table:not(.lab-table) td { white-space: normal; min-width: 6rem; }
.lab-scroll table:not(.lab-table) td:last-child { min-width: 24rem; }
.lab-folded details { border-bottom: 1px solid #b1b4b6; padding: 6px 0; }
.lab-folded summary { cursor: pointer; color: #12436D; font-weight: 600; }
.lab-folded p { margin: 6px 0; font-size: 0.85rem; color: #3D3D3D; }
.lab-life { list-style: none; padding-left: 0; }
.lab-life > li { border-left: 3px solid #b1b4b6; padding: 2px 0 6px 10px; }
.lab-world { background: #eef1f4; color: #0b0c0c; border-radius: 3px; padding: 0 6px; }
.lab-life summary { cursor: pointer; color: #12436D; }
"""
